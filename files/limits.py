"""How large an upload may be. Plain numbers: the decoding programs read them without Django."""

MIB = 1024 * 1024

MAX_UPLOAD_BYTES = 20 * MIB
MAX_REQUEST_BYTES = 12 * MAX_UPLOAD_BYTES  # all files of one form that is posted without JavaScript
MAX_NAME_LENGTH = 120

MAX_PIXELS = 8192 * 6144  # what cameras sold as "50 megapixels" make
MAX_SOURCE_SIDE = 12_000
MAX_SIDE = 4096
JPEG_QUALITY = 85
THUMB_SIDE = 480
THUMB_BYTES = 25 * 1024

MAX_PDF_PAGES = 200
MAX_PDF_OBJECTS = 200_000

# The cage of one decoding program.
DECODE_MEMORY_BYTES = 1536 * MIB
DECODE_CPU_SECONDS = 20
DECODE_WALL_SECONDS = 30
DECODE_OUTPUT_BYTES = 32 * MIB
SLOT_WAIT_SECONDS = 20  # for its turn; with the above below the minute after which a browser gives up

MAX_UNATTACHED_PER_USER = 60
UNATTACHED_DAYS = 7
ORPHAN_HOURS = 24
