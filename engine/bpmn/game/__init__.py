"""The token game: SpiffWorkflow's task tree moved as BPMN 2.0 says."""
