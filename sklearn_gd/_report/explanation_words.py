"""The sentences of an explained update, in each language."""

WORDS = {
    "en": {
        "which": "Update {after:,}{of}, from t = {t:,} to t = {after:,}, at lr = {lr}.",
        "of": " of {n_iter:,}",
        "stopped": "The descent stopped at t = {n_iter:,}; this is how it would go on.",
        "before": "The loss before it is J = {loss}.",
        "headings": "parameter|derivative|lr * derivative|new parameter",
        "momentum velocity": "minus last update",
        "plain": (
            "Each new parameter is the old one minus lr times the partial derivative dJ/dparameter."
        ),
        "momentum": (
            "Each new parameter is the old one minus lr times the partial derivative, plus "
            "{momentum} times the last update."
        ),
        "nesterov velocity": "minus velocity",
        "nesterov": (
            "The new velocity is {momentum} times the old one minus lr times the partial "
            "derivative. Each new parameter is the old one minus lr times the partial derivative, "
            "plus {momentum} times the new velocity."
        ),
        "after": "The loss after it is J = {loss}, {change}.",
        "same": "the same",
        "lower": "lower by {change}",
        "higher": "higher by {change}",
        "more": "... and {more:,} more, which move less.",
    },
    "zh": {
        "which": "第 {after:,} 次更新{of}，从 t = {t:,} 到 t = {after:,}，学习率 lr = {lr}。",
        "of": "（共 {n_iter:,} 次）",
        "stopped": "下降已在 t = {n_iter:,} 停止；若继续则如下。",
        "before": "更新前的损失 J = {loss}。",
        "headings": "参数|偏导数|lr * 偏导数|新参数",
        "momentum velocity": "负的上次更新",
        "plain": "每个新参数 = 旧参数 - lr * 偏导数 dJ/d参数。",
        "momentum": "每个新参数 = 旧参数 - lr * 偏导数 + {momentum} * 上次更新。",
        "nesterov velocity": "负的旧速度",
        "nesterov": (
            "新速度 = {momentum} * 旧速度 - lr * 偏导数；"
            "每个新参数 = 旧参数 - lr * 偏导数 + {momentum} * 新速度。"
        ),
        "after": "更新后的损失 J = {loss}，{change}。",
        "same": "不变",
        "lower": "减小了 {change}",
        "higher": "增大了 {change}",
        "more": "……另有 {more:,} 个参数，变化更小。",
    },
}
