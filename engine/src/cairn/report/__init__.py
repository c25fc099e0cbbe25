"""The report page, the page of monitoring and the model card: made by templates from what the stages measured."""
