"""The report page and the model card: made by templates from what the other stages measured."""
