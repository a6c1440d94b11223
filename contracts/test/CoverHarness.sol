// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CodeBlob} from "../libraries/CodeBlob.sol";
import {Cover} from "../libraries/Cover.sol";

/// @title Cover and CodeBlob as external functions, for tests
contract CoverHarness {
    uint32 public blobs;

    struct Node {
        uint8 height;
        uint64 index;
    }

    function nodeId(address registry, bytes32 scopeId, uint64 epoch, uint8 height, uint64 index)
        external
        view
        returns (bytes32)
    {
        return Cover.nodeId(Cover.nodePreimage(registry, scopeId, epoch), height, index);
    }

    function range(uint8 height, uint64 index, uint8 treeHeight) external pure returns (uint256 start, uint256 end) {
        return Cover.range(height, index, treeHeight);
    }

    function lowerBound(uint32[] calldata leaves, uint256 leaf) external pure returns (uint256) {
        return Cover.lowerBound(_pack(leaves), leaf);
    }

    function contains(uint32[] calldata leaves, uint256 leaf) external pure returns (bool) {
        return Cover.contains(_pack(leaves), leaf);
    }

    /// @notice Walk a cover from the first leaf that is not excluded; returns the cursor after the last node.
    function walk(Node[] calldata nodes, uint8 treeHeight, uint256 n, uint32[] calldata leaves)
        external
        pure
        returns (uint256 cursor)
    {
        bytes memory excluded = _pack(leaves);
        Cover.Walk memory walk_ = Cover.begin(excluded, Cover.firstLeaf(excluded, n), n, treeHeight);
        for (uint256 i; i < nodes.length; ++i) {
            // Each node twice: going on, and starting afresh at the same cursor, must agree.
            Cover.Walk memory fresh = Cover.begin(excluded, walk_.cursor, n, treeHeight);
            Cover.accept(walk_, nodes[i].height, nodes[i].index);
            Cover.accept(fresh, nodes[i].height, nodes[i].index);
            require(keccak256(abi.encode(walk_)) == keccak256(abi.encode(fresh)), "walks differ");
        }
        return walk_.cursor;
    }

    /// @notice For every subset of [0, n) in the height-H tree (bit i of the mask: leaf i excluded): at each cursor exactly one
    /// of all nodes of the tree is accepted, and the accepted ones tile the leaves that are not excluded. Returns the subsets walked.
    function walkAllSubsets(uint8 treeHeight, uint256 n, uint256 from, uint256 to) external view returns (uint256 walked) {
        for (uint256 mask = from; mask < to; ++mask) {
            bytes memory excluded = _packMask(mask, n);
            uint256 cursor = Cover.firstLeaf(excluded, n);
            while (cursor < n) {
                uint256 accepted;
                uint256 next;
                for (uint8 h = 0; h <= treeHeight; ++h) {
                    if (cursor & ((uint256(1) << h) - 1) != 0) break;
                    try this.acceptPacked(h, uint64(cursor >> h), treeHeight, n, cursor, excluded) returns (uint256 to_) {
                        ++accepted;
                        next = to_;
                    } catch {}
                }
                require(accepted == 1, "not unique");
                cursor = next;
            }
            ++walked;
        }
    }

    /// @notice Walks the cover of every `step`-th subset of [0, n), n at most 16, and hashes what was accepted: one word for each
    /// subset, one byte (height · 32 + index) for each node. The node offered is the largest clean one, found by the mask.
    function digestOfCovers(uint8 treeHeight, uint256 n, uint256 from, uint256 to, uint256 step)
        external
        pure
        returns (bytes32 digest)
    {
        for (uint256 mask = from; mask < to; mask += step) {
            bytes memory excluded = _packMask(mask, n);
            Cover.Walk memory walk_ = Cover.begin(excluded, Cover.firstLeaf(excluded, n), n, treeHeight);
            uint256 nodes;
            while (walk_.cursor < n) {
                uint256 cursor = walk_.cursor;
                uint8 h = 0;
                while (h < treeHeight && cursor % (2 << h) == 0 && (mask >> cursor) & ((1 << (2 << h)) - 1) == 0) ++h;
                nodes = nodes << 8 | uint256(h) << 5 | cursor >> h;
                Cover.accept(walk_, h, uint64(cursor >> h));
            }
            digest = keccak256(abi.encode(digest, nodes));
        }
    }

    function acceptPacked(uint8 height, uint64 index, uint8 treeHeight, uint256 n, uint256 cursor, bytes memory excluded)
        external
        pure
        returns (uint256)
    {
        Cover.Walk memory walk_ = Cover.begin(excluded, cursor, n, treeHeight);
        Cover.accept(walk_, height, index);
        return walk_.cursor;
    }

    function writeBlob(bytes calldata data) external {
        CodeBlob.write(data);
        ++blobs;
    }

    function readBlob(uint32 number) external view returns (bytes memory) {
        return CodeBlob.read(CodeBlob.addressOf(address(this), number));
    }

    function addressOf(address creator, uint32 nonce) external pure returns (address) {
        return CodeBlob.addressOf(creator, nonce);
    }

    function _pack(uint32[] calldata leaves) private pure returns (bytes memory packed) {
        for (uint256 i; i < leaves.length; ++i) {
            packed = abi.encodePacked(packed, leaves[i]);
        }
    }

    function _packMask(uint256 mask, uint256 n) private pure returns (bytes memory packed) {
        for (uint256 leaf; leaf < n; ++leaf) {
            if (mask >> leaf & 1 == 1) packed = abi.encodePacked(packed, uint32(leaf));
        }
    }
}
