"""What experiments may import: seeded draws, data and training; it knows no claim."""

import os

# Without it the matrix kernels of Intel's library round differently when a lane's weights start at another
# place in memory, and a block's bits would depend on its companions. It is read at the first product.
os.environ.setdefault("MKL_CBWR", "AUTO")
