"""Content-addressed storage: every byte is named by its hash, and re-hashed before it is believed.

`cid` names content · `unixfs` is its block layout · `reader` reads it, verified · `blockstore` keeps it in
a folder · `kubo` and `gateway` reach other nodes · `sources` asks several of them · `car` carries it by
hand · `pinning` looks after a pool. Import from the module that has the noun; nothing heavy is loaded here.

Not here: encryption. Storage sees ciphertext only, and does not know what it means.
"""
