"""Worker processes behind one seam, `concurrent.futures.Executor`, and the loop that keeps them busy."""
