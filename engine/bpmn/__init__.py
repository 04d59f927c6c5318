"""The only room where SpiffWorkflow and lxml are spoken; gives values of our own."""
