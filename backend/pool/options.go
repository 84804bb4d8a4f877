package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// maxWeight bounds Endpoint.Weight so that products of weights and counts fit into 64 bits.
const maxWeight = 1_000_000

// The defaults of Options. Five failures in a row, and ten seconds between two checks, are the defaults of Envoy's
// outlier detection too (consecutive_5xx and interval).
const (
	defaultFailures      = 5
	defaultMinPause      = time.Second
	defaultMaxPause      = 30 * time.Second
	defaultProbeInterval = 10 * time.Second
	defaultProbeTimeout  = 5 * time.Second
)

// Options are the options of [New]. Endpoints are required.
type Options struct {
	// Endpoints are what the pool is made of, in any number. Required.
	Endpoints []Endpoint

	// DefaultModel is asked for where backend.Request.Model is empty, and listed first by Models. It is a name as clients
	// use it: see Endpoint.Models. Defaults to none: then each endpoint's own default answers.
	DefaultModel string

	// Failures is how many failures in a row open an endpoint's circuit. Defaults to 5.
	Failures int

	// MinPause and MaxPause bound how long an endpoint isn't asked after failures: the pause doubles each time, and is
	// shortened by up to a quarter at random. MaxPause also bounds how long a RetryAfter is heeded, and is how long an
	// exhausted quota is; MinPause stands in where a rate limit doesn't say how long. Default to 1 s and 30 s, the
	// latter to MinPause if that is longer.
	MinPause, MaxPause time.Duration

	// ProbeInterval is how long after one probe of an endpoint the next begins, less up to a quarter at random; the
	// first begins at once. Two failing probes in a row, without an answer to a request since, mark an endpoint
	// unhealthy, and it isn't asked until a probe doesn't fail. A probe without any error also ends a pause after
	// failures, so that a request may try; it takes an answer to close the circuit. A probe fails by
	// backend.CodeUnavailable, CodeTimeout, CodeTruncated and CodeInternal, a panic included; other errors show that
	// somebody is there. Negative means never. Defaults to 10 s.
	ProbeInterval time.Duration

	// ProbeTimeout bounds one probe, and one listing of an endpoint's models. Defaults to 5 s.
	ProbeTimeout time.Duration

	// Logger learns at warn level why an endpoint isn't asked, and for how long; and at info level what ends that, if not
	// time alone, and of each request that failed at an endpoint in a way that another may make good. It is told names,
	// states, codes and HTTP statuses, never an upstream's words. Defaults to silence.
	Logger *slog.Logger

	// Now is the clock of pauses; probes go by the machine's. It is called concurrently. Defaults to time.Now.
	Now func() time.Time
}

// Endpoint is one of a [Pool]'s. It is asked or not as a whole: models whose limits and failures have nothing to do
// with each other are better off with an endpoint each.
type Endpoint struct {
	// Name tells endpoints apart in logs, metrics and the books; pages never see it. Names decide which conversation goes
	// where, so replicas must agree on them, and a pool must share none with a pool that is its endpoint: what the same
	// name got outside would all go to the same name inside. 1 to 63 lower-case letters, digits, "-", "_" and ".", the
	// first a letter or digit, unique in the pool. Required.
	Name string

	// Backend answers. Its abilities as a [backend.Continuer] and as a [backend.Readier] count; as a [backend.Defaulter]
	// it only has a say where requests name no model and Options.DefaultModel doesn't either. Required.
	Backend backend.Backend

	// Priority puts endpoints into groups: the lowest is asked first, and the others if none of it is left. Defaults to
	// 0.
	Priority int

	// Weight is the share of an endpoint among those of its Priority, up to 1,000,000. Defaults to 1.
	Weight int

	// Models maps the names that clients use to those that this endpoint knows; it serves no others then. Give two
	// endpoints one name for different models and they can stand in for each other. Defaults to none: the endpoint
	// serves what it lists, under those names. Before a list of it is known, it may serve anything; and it is asked for
	// what no endpoint lists, for upstreams take names that they don't list. Answers keep the upstream's own name.
	Models map[string]string

	// Probe checks the endpoint, see Options.ProbeInterval. An error that is no *[backend.Error] counts as
	// backend.CodeUnavailable.
	// It must return soon after ctx ends. Defaults to Backend.Models, whose lists are kept.
	Probe func(ctx context.Context) error
}

func (o Options) withDefaults() Options {
	o.Failures = cmp.Or(o.Failures, defaultFailures)
	o.MinPause = cmp.Or(o.MinPause, defaultMinPause)
	o.MaxPause = cmp.Or(o.MaxPause, max(defaultMaxPause, o.MinPause))
	o.ProbeInterval = cmp.Or(o.ProbeInterval, defaultProbeInterval)
	o.ProbeTimeout = cmp.Or(o.ProbeTimeout, defaultProbeTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// validate looks at the options as given, before defaults are filled in.
func (o Options) validate() error {
	if len(o.Endpoints) == 0 {
		return errors.New("pool: Options.Endpoints is required")
	}
	names := make(map[string]bool, len(o.Endpoints))
	for _, e := range o.Endpoints {
		if err := e.validate(); err != nil {
			return err
		}
		if names[e.Name] {
			return fmt.Errorf("pool: two endpoints are called %q", e.Name)
		}
		names[e.Name] = true
	}
	serves := func(e Endpoint) bool { return len(e.Models) == 0 || e.Models[o.DefaultModel] != "" }
	switch {
	case o.DefaultModel != "" && !slices.ContainsFunc(o.Endpoints, serves):
		return fmt.Errorf("pool: Options.DefaultModel is %q, which no endpoint serves", o.DefaultModel)
	case o.Failures < 0, o.MinPause < 0, o.MaxPause < 0, o.ProbeTimeout < 0:
		return errors.New("pool: Options has a negative value where only ProbeInterval may have one")
	case o.MaxPause > 0 && o.MinPause > o.MaxPause:
		return errors.New("pool: Options.MinPause is longer than MaxPause")
	}
	return nil
}

var endpointName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

func (e Endpoint) validate() error {
	switch {
	case !endpointName.MatchString(e.Name):
		return fmt.Errorf("pool: Endpoint.Name is %q: it must match %s", e.Name, endpointName)
	case e.Backend == nil:
		return fmt.Errorf("pool: endpoint %s has no Backend", e.Name)
	case e.Weight < 0, e.Weight > maxWeight:
		return fmt.Errorf("pool: endpoint %s has the weight %d: it must be 1 to %d", e.Name, e.Weight, maxWeight)
	}
	for alias, model := range e.Models {
		if alias == "" || model == "" {
			return fmt.Errorf("pool: endpoint %s maps the model %q to %q: neither may be empty", e.Name, alias, model)
		}
	}
	return nil
}
