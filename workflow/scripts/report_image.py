"""Pack a figure for the report: all its pixels, in 256 colours and a quarter of the bytes."""

from PIL import Image

from em_study.data.storage import whole_file
from em_study.plan.step import logged

with logged(snakemake), Image.open(snakemake.input[0]) as image, whole_file(snakemake.output[0]) as file:
    colors = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colors.convert("RGB").save(file, lossless=True)
