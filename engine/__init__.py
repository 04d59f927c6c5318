"""Runs any BPMN procedure for people; knows no supervision and no HTTP."""
