package hybrid

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// report is what a page tells about one answer that it generated itself. Every
// number is a claim.
type report struct {
	ID         string `json:"id"` // "<grant's ID>.<1..max>"
	Target     string `json:"target"`
	ModelID    string `json:"modelId"`
	Framework  string `json:"framework"`
	Reason     string `json:"reason"`
	DecidedBy  string `json:"decidedBy"`
	DecisionID string `json:"decisionId"` // if the server decided

	PromptTokens         int64 `json:"promptTokens"`
	CompletionTokens     int64 `json:"completionTokens"`
	LatencyMs            int64 `json:"latencyMs"`
	TTFTMs               int64 `json:"ttftMs"`
	TokensPerSecondMilli int64 `json:"tokensPerSecondMilli"`
	StartedAt            int64 `json:"startedAt"` // Unix milliseconds, by the page's clock

	Success   bool   `json:"success"`
	ErrorCode string `json:"errorCode"`
	Fallback  bool   `json:"fallback"`
}

// Words of a report are codes and names. What doesn't look like one is refused,
// so that no prompt gets into the ledger dressed up as an error code.
var (
	reasonWord = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}$`)
	codeWord   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$`)
	// A model may have left the registry since the page ran it.
	modelWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,199}$`)
)

// validate returns the report's number under the grant, or the first field that
// makes no sense.
func (p *report) validate(g *grant, index *registry.Index) (number int, bad *policy.FieldError) {
	for _, c := range []struct {
		field string
		value int64
	}{
		{"promptTokens", p.PromptTokens},
		{"completionTokens", p.CompletionTokens},
		{"latencyMs", p.LatencyMs},
		{"ttftMs", p.TTFTMs},
		{"tokensPerSecondMilli", p.TokensPerSecondMilli},
		{"startedAt", p.StartedAt},
	} {
		if c.value < 0 || c.value > capability.MaxCount {
			return 0, &policy.FieldError{Field: c.field, Problem: fmt.Sprintf("is %d: want 0 to 2^53-1", c.value)}
		}
	}
	number = p.number(g)
	switch {
	case number == 0:
		return 0, &policy.FieldError{Field: "id", Problem: "must be the grant's id, a dot and a number from 1"}
	case p.Target != "" && p.Target != policy.Browser.String():
		return 0, &policy.FieldError{Field: "target", Problem: "must be browser: the server counts for itself"}
	case index.Model(p.ModelID) == nil && !modelWord.MatchString(p.ModelID):
		return 0, &policy.FieldError{Field: "modelId", Problem: "must be a model's ID"}
	case p.Framework != "" && !codeWord.MatchString(p.Framework):
		return 0, &policy.FieldError{Field: "framework", Problem: "must be an engine's name"}
	case p.Reason != "" && !reasonWord.MatchString(p.Reason):
		return 0, &policy.FieldError{Field: "reason", Problem: "must match " + reasonWord.String()}
	case p.ErrorCode != "" && !codeWord.MatchString(p.ErrorCode):
		return 0, &policy.FieldError{Field: "errorCode", Problem: "must be a code and no message"}
	case p.DecidedBy != "" && p.DecidedBy != "page" && p.DecidedBy != "server":
		return 0, &policy.FieldError{Field: "decidedBy", Problem: "must be page or server"}
	}
	return number, nil
}

// number reads the report's number out of its ID; 0 if the ID is none of the
// grant's.
func (p *report) number(g *grant) int {
	digits, ok := strings.CutPrefix(p.ID, g.ID+".")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || strconv.Itoa(n) != digits {
		return 0 // "07" would be a second name for 7
	}
	return n
}

// clockSlack is how far a page's clock may be behind.
const clockSlack = time.Hour

// entry turns the report into the ledger's form. A start that lies in the future
// or before the grant is a clock gone wrong: and ledgers forget by an entry's time, so
// one that was older than its grant might be taken again.
func (p *report) entry(g *grant, late bool, now time.Time) ledger.Entry {
	started := time.UnixMilli(p.StartedAt)
	oldest := time.Unix(g.Expires, 0).Add(-grantLifetime - clockSlack)
	if p.StartedAt == 0 || started.After(now) || started.Before(oldest) {
		started = now
	}
	longest := grantLifetime.Milliseconds() // no answer takes longer than a page may report it
	return ledger.Entry{
		ID:                   p.ID,
		Time:                 started.UTC(),
		Identity:             g.Identity,
		Tier:                 g.Tier,
		Source:               ledger.Browser,
		Model:                p.ModelID,
		Framework:            p.Framework,
		PromptTokens:         min(p.PromptTokens, maxClaimedTokens),
		CompletionTokens:     min(p.CompletionTokens, maxClaimedTokens),
		LatencyMs:            min(p.LatencyMs, longest),
		TTFTMs:               min(p.TTFTMs, longest),
		TokensPerSecondMilli: p.TokensPerSecondMilli,
		Success:              p.Success,
		ErrorCode:            p.ErrorCode,
		Fallback:             p.Fallback,
		Late:                 late,
		Attempts:             1,
	}
}
