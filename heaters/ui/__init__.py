"""What people see in JupyterLab and Voila: widgets over `heaters.workspace`."""
