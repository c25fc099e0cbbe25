"""The model registry: git tags in GTO's format name versions and stages, and DVC keeps their bytes."""
