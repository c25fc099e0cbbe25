"""Whether the model still works: what was served, held against what the model was made from."""
