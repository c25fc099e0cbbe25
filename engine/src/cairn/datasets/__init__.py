"""Data sets that need no file: a simulated shop, and the small tables that scikit-learn ships."""
