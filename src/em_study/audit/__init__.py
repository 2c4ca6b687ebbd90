"""What a reviewer needs: the manifest of a run, its verification, and results that are left over."""
