"""Those who do tasks for this process: processes of this machine, or of a cluster."""
