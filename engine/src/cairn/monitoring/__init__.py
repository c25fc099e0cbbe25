"""Whether the model still works: recorded predictions compared with what the model was made from."""
