"""Pictures and sound: PyAV and PySceneDetect behind functions that take local paths."""
