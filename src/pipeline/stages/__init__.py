"""What dvc.yaml runs: one file a stage, named as the stage; the only code that touches paths."""
