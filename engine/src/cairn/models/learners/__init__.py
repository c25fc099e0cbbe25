"""One module for each library that learns, behind one small set of methods."""
