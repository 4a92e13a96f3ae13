"""What git is asked to do."""

from collections.abc import Mapping
from typing import Final

from domain.invocations.commands.table import (
    DESTROY,
    NET,
    OPAQUE,
    READ,
    VCS,
    WRITE,
    Table,
    table,
)

GIT: Final[Mapping[str, Table]] = {
    "git": table(
        {
            READ: (
                "|config|status|diff|log|show|blame|annotate|branch|tag|remote|remote get-url"
                "|stash list|stash show|rev-parse|rev-list|ls-files|ls-tree|describe"
                "|grep|config get|config list|merge-base|reflog|reflog show|reflog exists"
                "|shortlog|cat-file|worktree list|submodule|submodule status|submodule summary"
                "|check-ignore|check-attr|check-mailmap|check-ref-format|help|version|bisect log"
                "|range-diff|for-each-ref|cherry|diff-tree|diff-index|diff-files"
                "|name-rev|var|count-objects|show-ref|show-branch|whatchanged|verify-commit"
                "|verify-tag|fsck|notes list|notes show|lfs ls-files|lfs status"
                "|patch-id|symbolic-ref HEAD|sparse-checkout list|bundle verify|column|stripspace"
            ),
            VCS: (
                "reflog *|submodule *|merge-tree"
                "|add|commit|push|checkout|switch|restore|merge|rebase|cherry-pick|revert|reset"
                "|stash|stash *|branch *|tag *|remote *|rm|mv|init|config *|worktree|worktree *"
                "|am|bisect|bisect *|gc|notes|notes *|update-index|update-ref|symbolic-ref"
                "|submodule init|submodule deinit|maintenance|repack|prune|pack-refs|replace"
                "|sparse-checkout|read-tree|write-tree|commit-tree|hash-object|mktag|mktree"
                "|rerere|lfs|lfs *|merge-file"
            ),
            WRITE: "apply|archive|bundle|format-patch|checkout-index|fast-export",
            NET: (
                "fetch|pull|clone|ls-remote|submodule update|submodule add|submodule sync"
                "|remote show|remote update|remote prune|lfs pull|lfs push|lfs fetch|svn"
                "|request-pull"
            ),
            DESTROY: (
                "clean|stash drop|stash clear|reflog expire|reflog delete|reflog drop"
                "|filter-repo|fast-import|worktree remove|worktree prune"
            ),
            OPAQUE: (
                "bisect view|bisect visualize"
                "|filter-branch|difftool|mergetool|hook|hook *|instaweb|daemon|send-email"
                "|credential|credential *|submodule foreach|bisect run|gui|citool|gitk"
                "|upload-pack|receive-pack|shell|http-backend|config edit|remote-ext|remote-fd"
                "|imap-send|p4"
            ),
        }
    ),
}
