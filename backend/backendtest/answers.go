package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/edgewise-ai/edgewise/backend"
)

// These checks are about what is answered.

func (k kit) checkModels(ctx context.Context) error {
	models, err := k.Models(ctx)
	if err != nil {
		return fmt.Errorf("Models: %w, want a list", err)
	}
	if len(models) == 0 {
		return errors.New("Models lists none, want at least the default")
	}
	seen := map[string]bool{}
	for _, m := range models {
		if m.ID == "" || seen[m.ID] {
			return fmt.Errorf("Models lists %q, want each to have a name of its own", m.ID)
		}
		seen[m.ID] = true
	}
	return nil
}

func (k kit) checkPlain(ctx context.Context) error {
	a, err := k.whole(ctx, ask(false))
	if err != nil {
		return err
	}
	return a.check()
}

func (k kit) checkStream(ctx context.Context) error {
	a, err := k.whole(ctx, ask(true))
	if err != nil {
		return err
	}
	problems := []error{a.check()}
	if a.FirstContent.IsZero() {
		problems = append(problems, errors.New("there is no time of first content"))
	}
	if !bytes.HasSuffix(a.events, []byte("data: [DONE]\n\n")) {
		problems = append(problems, fmt.Errorf("the stream ends in %q, want a [DONE]", a.events[max(0, len(a.events)-40):]))
	}
	return errors.Join(problems...)
}

func (k kit) checkUsage(ctx context.Context) error {
	req := ask(true)
	req.IncludeUsage = true
	var err error
	if req.Body, err = backend.SetMembers(req.Body, backend.Member{Name: "stream_options", Value: json.RawMessage(`{"include_usage":true}`)}); err != nil {
		return err
	}
	a, err := k.whole(ctx, req)
	if err != nil {
		return err
	}
	if !a.Usage.Known {
		return skip("the backend doesn't know what it used")
	}
	all, err := a.chunks()
	if err != nil {
		return err
	}
	var problems []error
	if last := all[len(all)-1]; last.Usage == nil || last.Usage.CompletionTokens != a.Usage.CompletionTokens {
		problems = append(problems, fmt.Errorf("the last chunk is %+v, want one with usage %+v", last, a.Usage))
	}
	var roles, finishes int
	for _, c := range all {
		if c.ID == "" || c.ID != all[0].ID || c.Created != all[0].Created || c.Object != "chat.completion.chunk" {
			problems = append(problems, fmt.Errorf("a chunk is %+v, want a chat.completion.chunk with id and created of the first", c))
		}
		for _, choice := range c.Choices {
			if choice.Delta.Role != "" {
				roles++
			}
			if choice.FinishReason != nil {
				finishes++
			}
		}
	}
	if roles != 1 || finishes != 1 {
		problems = append(problems, fmt.Errorf("%d roles and %d finish reasons, want one of each", roles, finishes))
	}
	return errors.Join(problems...)
}

func (k kit) checkConcurrent(ctx context.Context) error {
	const calls = 16
	group, ctx := errgroup.WithContext(ctx)
	for i := range calls {
		group.Go(func() error {
			a, err := k.whole(ctx, ask(i%2 == 0))
			if err != nil {
				return err
			}
			return a.check()
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("of %d calls at a time, %w", calls, err)
	}
	return nil
}
