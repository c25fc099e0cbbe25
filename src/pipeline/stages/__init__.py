"""What dvc.yaml runs: one script for each stage, named as the stage."""
