"""The cryptography of the package, each part usable alone: no chain, no storage, no environment.

field      the prime fields of BN254 · hashing: every hash, with its tag
bn254      points, pairing, hash to curve, and the hints that make it cheap on-chain
tree       node ids, the path of a leaf, the unique cover
keys       secrets as types that cannot be printed
capsule    wraps a data key for a leaf's path; opens it with one node key
stream     AES-256-GCM in chunks; envelope: header, capsule and payload in one file
committee  key generation, proof of possession, heartbeat, shares
delivery   shares for a buyer, their combination, the check and the opening
keystore   secrets at rest in encrypted keyfiles
"""
