"""Pictures and sound: PyAV and PySceneDetect behind functions that take local paths.

Look into a file    formats (what is opened at all), probe (in a limited child), projection
Read it             source (numbered pictures with exact times), seeking, timeline, damage, picture, sound
Prepare it          prepare → decode_pass → lanes: master, proxy (upright, audio_encoder), scores
Hold it to that     packets (every proxy packet an IDR picture), readback (every picture of the master)
Find its shots      detectors on stored scores
Show a frame        thumbnails, straight from the proxy
Deliver a clip      cutter, presets
"""
