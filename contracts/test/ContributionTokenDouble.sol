// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Weights of a pool, settable
contract ContributionTokenDouble {
    mapping(uint256 id => mapping(uint32 number => uint32)) private _weights;

    function setWeight(uint32 number, uint256 id, uint32 weight) external {
        _weights[id][number] = weight;
    }

    function weightOf(uint32 number, uint256 id) external view returns (uint32) {
        return _weights[id][number];
    }
}
