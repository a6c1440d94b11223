// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155MetadataURI} from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";
import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {PackedLanes} from "./libraries/PackedLanes.sol";

/// @title Shares of a pool
/// @notice See IContributionToken. Nothing here ever moves between members; the registry alone mints and burns.
contract ContributionToken is IContributionToken, IERC1155MetadataURI, IERC1155Errors {
    using PackedLanes for mapping(uint256 => uint256);

    address public immutable registry;
    IMembershipToken public immutable membership;

    mapping(uint256 id => mapping(uint256 word => uint256 lanes)) private _weights;
    mapping(uint256 id => uint256) private _supply;
    string private _uri;

    constructor(address registry_, address membership_, string memory uri_) {
        registry = registry_;
        membership = IMembershipToken(membership_);
        _uri = uri_;
    }

    /// @inheritdoc IContributionToken
    function setWeight(address member, uint32 number, uint256 id, uint32 weight)
        external
        override
        returns (uint32 previous)
    {
        if (msg.sender != registry) revert ContributionTokenCallerRefused(msg.sender);
        previous = _weights[id].set(number, weight);
        if (weight > previous) {
            uint256 minted = weight - previous;
            _supply[id] += minted;
            emit TransferSingle(msg.sender, address(0), member, id, minted);
        } else if (weight < previous) {
            uint256 burnt = previous - weight;
            _supply[id] -= burnt;
            emit TransferSingle(msg.sender, member, address(0), id, burnt);
        }
    }

    /// @inheritdoc IContributionToken
    /// @dev Words of lanes are kept in memory while members are neighbours, and the supply to the end.
    function setWeights(uint256 id, uint256[] calldata shares) external override {
        if (msg.sender != registry) revert ContributionTokenCallerRefused(msg.sender);
        mapping(uint256 => uint256) storage words = _weights[id];
        uint256 supply = _supply[id];
        uint256 word = type(uint256).max;
        uint256 lanes;
        for (uint256 i; i < shares.length; ++i) {
            address member = address(uint160(shares[i]));
            uint256 number = uint32(shares[i] >> 160);
            uint256 weight = uint32(shares[i] >> 192);
            if (number >> 3 != word) {
                if (word != type(uint256).max) words[word] = lanes;
                word = number >> 3;
                lanes = words[word];
            }
            uint256 previous = PackedLanes.laneOf(lanes, number);
            lanes = PackedLanes.withLane(lanes, number, uint32(weight));
            if (weight > previous) {
                supply += weight - previous;
                emit TransferSingle(msg.sender, address(0), member, id, weight - previous);
            } else if (weight < previous) {
                supply -= previous - weight;
                emit TransferSingle(msg.sender, member, address(0), id, previous - weight);
            }
        }
        if (word != type(uint256).max) words[word] = lanes;
        _supply[id] = supply;
    }

    /// @inheritdoc IContributionToken
    function weightsOf(uint256 id, uint256[] calldata numbers)
        external
        view
        override
        returns (uint256[] memory weights)
    {
        mapping(uint256 => uint256) storage words = _weights[id];
        weights = new uint256[](numbers.length);
        uint256 word = type(uint256).max;
        uint256 lanes;
        unchecked {
            for (uint256 i; i < numbers.length; ++i) {
                uint256 number = numbers[i];
                if (number >> 3 != word) {
                    word = number >> 3;
                    lanes = words[word];
                }
                weights[i] = PackedLanes.laneOf(lanes, number);
            }
        }
    }

    /// @inheritdoc IContributionToken
    function weightOf(uint32 number, uint256 id) external view override returns (uint32) {
        return _weights[id].get(number);
    }

    /// @inheritdoc IContributionToken
    function totalSupply(uint256 id) external view override returns (uint256) {
        return _supply[id];
    }

    // --------------------------------------------------- ERC-1155, ERC-165

    /// @notice Weight of an address in a pool, also after it has left; 0 for who never joined, the zero address included.
    function balanceOf(address account, uint256 id) public view override returns (uint256) {
        uint32 numberPlusOne = membership.memberOf(account).number;
        return numberPlusOne == 0 ? 0 : _weights[id].get(numberPlusOne - 1);
    }

    function balanceOfBatch(address[] calldata accounts, uint256[] calldata ids)
        external
        view
        override
        returns (uint256[] memory balances)
    {
        if (accounts.length != ids.length) revert ERC1155InvalidArrayLength(ids.length, accounts.length);
        balances = new uint256[](ids.length);
        for (uint256 i; i < ids.length; ++i) balances[i] = balanceOf(accounts[i], ids[i]);
    }

    /// @notice One text for all pools, with `{id}` to be replaced by the client as ERC-1155 says.
    function uri(uint256) external view override returns (string memory) {
        return _uri;
    }

    /// @notice Nobody can be approved.
    function isApprovedForAll(address, address) external pure override returns (bool) {
        return false;
    }

    function setApprovalForAll(address, bool) external pure override {
        revert ContributionTokenLocked();
    }

    function safeTransferFrom(address, address, uint256, uint256, bytes calldata) external pure override {
        revert ContributionTokenLocked();
    }

    function safeBatchTransferFrom(address, address, uint256[] calldata, uint256[] calldata, bytes calldata)
        external
        pure
        override
    {
        revert ContributionTokenLocked();
    }

    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC1155).interfaceId
            || interfaceId == type(IERC1155MetadataURI).interfaceId;
    }
}
