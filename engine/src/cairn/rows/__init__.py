"""The one way from a cell to a model's number: signature, rows of a request, columns of a table."""
