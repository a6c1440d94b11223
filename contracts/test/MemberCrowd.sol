// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

interface IJoin {
    function join() external returns (uint32);
}

/// @title Joins in its constructor, and has no code
contract CrowdMember {
    constructor(IJoin membership) {
        membership.join();
        assembly {
            return(0, 0)
        }
    }
}

/// @title Fills a membership with as many members as a test needs
contract MemberCrowd {
    IJoin private immutable _membership;

    constructor(IJoin membership) {
        _membership = membership;
    }

    function join(uint256 members) external {
        for (uint256 i = 0; i < members; ++i) {
            new CrowdMember(_membership);
        }
    }
}
