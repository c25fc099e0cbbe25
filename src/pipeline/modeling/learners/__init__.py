"""What learns: one module for each library, behind one small set of methods."""
