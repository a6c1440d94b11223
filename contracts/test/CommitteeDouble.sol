// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Custodians of a generation, settable; records `retire`
contract CommitteeDouble {
    mapping(uint32 generation => address[]) private _custodians;
    mapping(uint32 generation => bool) public retired;

    function setCustodians(uint32 generation, address[] calldata custodians) external {
        _custodians[generation] = custodians;
    }

    function custodiansOf(uint32 generation) external view returns (address[] memory) {
        return _custodians[generation];
    }

    function retire(uint32 generation) external {
        retired[generation] = true;
    }
}
