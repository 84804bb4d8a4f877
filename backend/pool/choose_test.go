package pool_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// weighted makes endpoints that answer everything, called a, b and so on, with those weights.
func weighted(weights ...int) []pool.Endpoint {
	ups := make([]*upstream, len(weights))
	for i := range ups {
		ups[i] = &upstream{}
	}
	endpoints := team(ups...)
	for i := range endpoints {
		endpoints[i].Weight = weights[i]
	}
	return endpoints
}

// inFlight is what is in flight at each endpoint.
func inFlight(p *pool.Pool) map[string]int {
	n := map[string]int{}
	for _, s := range p.Status() {
		n[s.Name] = s.InFlight
	}
	return n
}

func TestIdlePoolSpreadsByWeight(t *testing.T) {
	const n = 8000
	p := newPool(t, pool.Options{Endpoints: weighted(1, 2, 5)})
	got := map[string]int{}
	for i := range n {
		resp, err := ask(t, p, hi)
		if err != nil {
			t.Fatal(err)
		}
		got[resp.Endpoint]++
		// Steps of the golden ratio keep every interval's count within about log2 of the number of steps.
		for name, weight := range map[string]int{"a": 1, "b": 2, "c": 5} {
			if off := got[name] - (i+1)*weight/8; off < -13 || off > 13 {
				t.Fatalf("%s answered %d of %d requests", name, got[name], i+1)
			}
		}
	}
}

// TestIdlePoolSpreadsEachModel has requests for two models alternate: a plain rotation would send all of one model
// to the same endpoint.
func TestIdlePoolSpreadsEachModel(t *testing.T) {
	p := newPool(t, pool.Options{Endpoints: weighted(1, 1)})
	got := map[string]int{}
	for i := range 1000 {
		model := []string{"x", "y"}[i%2]
		resp, err := ask(t, p, backend.Request{Model: model})
		if err != nil {
			t.Fatal(err)
		}
		got[model+resp.Endpoint]++
	}
	for _, who := range []string{"xa", "xb", "ya", "yb"} {
		if got[who] < 235 || got[who] > 265 {
			t.Errorf("%d of 1000 requests are %s", got[who], who)
		}
	}
}

func TestBusyPoolKeepsWeights(t *testing.T) {
	p := newPool(t, pool.Options{Endpoints: weighted(1, 3, 4)})
	for range 80 {
		begin(t, p, streamed)
	}
	if diff := cmp.Diff(map[string]int{"a": 10, "b": 30, "c": 40}, inFlight(p)); diff != "" {
		t.Error(diff)
	}
}

// TestSpreadsOverTheIdle has the heaviest endpoint at work, which must not count among those whose turn it may be.
func TestSpreadsOverTheIdle(t *testing.T) {
	p := newPool(t, pool.Options{Endpoints: weighted(5, 1, 1)})
	for {
		if resp := begin(t, p, streamed); resp.Endpoint != "a" {
			resp.Body.Close()
			continue
		}
		break
	}
	got := map[string]int{}
	for range 200 {
		resp, err := ask(t, p, hi)
		if err != nil {
			t.Fatal(err)
		}
		got[resp.Endpoint]++
	}
	if got["a"] != 0 || got["b"] < 90 || got["c"] < 90 {
		t.Errorf("200 requests went to %v", got)
	}
}

// TestPicksTheLeastBusy begins and ends answers at random, and looks at each choice.
func TestPicksTheLeastBusy(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	weights := []int{1, 2, 3, 7}
	p := newPool(t, pool.Options{Endpoints: weighted(weights...)})
	var open []*backend.Response
	for range 5000 {
		if len(open) > 0 && r.IntN(100) < 48 {
			i := r.IntN(len(open))
			open[i].Body.Close()
			open = slices.Delete(open, i, i+1)
			continue
		}
		before := p.Status()
		resp := begin(t, p, streamed)
		open = append(open, resp)
		picked := int(resp.Endpoint[0] - 'a')
		for i, s := range before {
			if s.InFlight*weights[picked] < before[picked].InFlight*weights[i] {
				t.Fatalf("picked %s although %s has less to do: %+v", resp.Endpoint, s.Name, before)
			}
		}
	}
}

func TestAsksTheLowestPriorityFirst(t *testing.T) {
	ups := []*upstream{{}, {}, {}, {}}
	endpoints := team(ups...)
	for i, priority := range []int{1, -1, 0, -1} {
		endpoints[i].Priority = priority
	}
	p := newPool(t, pool.Options{Endpoints: endpoints, Failures: 1})
	for _, want := range []string{"bd", "c", "a"} {
		for range 20 {
			resp, err := ask(t, p, hi)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains([]byte(want), resp.Endpoint[0]) {
				t.Fatalf("%s answered, want one of %s", resp.Endpoint, want)
			}
		}
		for _, name := range want {
			ups[name-'a'].does(failsWith(dead))
		}
		if _, err := ask(t, p, hi); (err == nil) != (want != "a") {
			t.Fatal(err)
		}
		for range 20 { // until all of them have failed
			_, _ = ask(t, p, hi)
		}
	}
}

// homes asks for n conversations, one after the other, and tells where each went.
func homes(t *testing.T, p *pool.Pool, n int) []string {
	t.Helper()
	all := make([]string, n)
	for i := range all {
		resp, err := ask(t, p, backend.Request{Conversation: fmt.Sprintf("conversation-%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		all[i] = resp.Endpoint
	}
	return all
}

// TestConversationsHaveTheSameHomeEverywhere holds hashing to what it was when it was written: all machines, replicas
// and versions must agree.
func TestConversationsHaveTheSameHomeEverywhere(t *testing.T) {
	endpoints := weighted(1, 2, 1, 4)
	p := newPool(t, pool.Options{Endpoints: endpoints})
	first := homes(t, p, 24)
	if diff := cmp.Diff("ccadbddddbabbbabdbaddabb", strings.Join(first, "")); diff != "" {
		t.Error(diff)
	}
	slices.Reverse(endpoints)
	if diff := cmp.Diff(first, homes(t, newPool(t, pool.Options{Endpoints: endpoints}), 24)); diff != "" {
		t.Errorf("another pool has other homes: %s", diff)
	}
}

func TestConversationsSpreadByWeight(t *testing.T) {
	const n = 8000
	p := newPool(t, pool.Options{Endpoints: weighted(1, 2, 5)})
	got := map[string]int{}
	for _, home := range homes(t, p, n) {
		got[home]++
	}
	for name, weight := range map[string]int{"a": 1, "b": 2, "c": 5} {
		if want := n * weight / 8; got[name] < want*9/10 || got[name] > want*11/10 {
			t.Errorf("%s has %d of %d conversations, want about %d", name, got[name], n, want)
		}
	}
}

// TestConversationsMoveOnlyWithTheirHome takes an endpoint away and brings it back.
func TestConversationsMoveOnlyWithTheirHome(t *testing.T) {
	const n = 500
	endpoints := weighted(1, 2, 1, 3)
	p := newPool(t, pool.Options{Endpoints: endpoints, Failures: 1})
	before := homes(t, p, n)
	b := endpoints[1].Backend.(*upstream)
	b.does(failsWith(backend.CodeUpstreamAuth))
	during := homes(t, p, n)
	moved := map[string]int{}
	for i := range before {
		switch {
		case before[i] != "b" && during[i] != before[i]:
			t.Fatalf("conversation %d moved from %s to %s", i, before[i], during[i])
		case before[i] == "b":
			moved[during[i]]++
		}
	}
	if len(moved) != 3 || moved["d"] <= moved["a"] || moved["d"] <= moved["c"] {
		t.Errorf("b's conversations went to %v, want them spread by weight", moved)
	}
	if diff := cmp.Diff(during, homes(t, newPool(t, pool.Options{Endpoints: slices.Delete(slices.Clone(endpoints), 1, 2)}), n)); diff != "" {
		t.Errorf("a pool that never had b has other homes: %s", diff)
	}
	b.does(nil)
	if diff := cmp.Diff(before, homes(t, newPool(t, pool.Options{Endpoints: endpoints}), n)); diff != "" {
		t.Errorf("not all came home: %s", diff)
	}
}

// TestConversationsLeaveACrowd sends more and more of one conversation at once.
func TestConversationsLeaveACrowd(t *testing.T) {
	weights := map[string]int{"a": 1, "b": 2, "c": 1}
	p := newPool(t, pool.Options{Endpoints: weighted(1, 2, 1)})
	busy := backend.Request{Stream: true, Conversation: "busy"}
	home := begin(t, p, busy).Endpoint
	left := false
	for n := 1; n < 200; n++ {
		before := inFlight(p)
		went := begin(t, p, busy).Endpoint
		crowded := func(name string) bool { return 4*before[name] > 2*n*weights[name]+4 }
		if crowded(went) {
			t.Fatalf("went to %s, which has more than twice its share, and one: %v", went, before)
		}
		if went != home && !crowded(home) {
			t.Fatalf("left %s for %s without need: %v", home, went, before)
		}
		left = left || went != home
	}
	if !left {
		t.Error("never left home")
	}
}

func TestConversationsOfTwoRequestsStayAtHome(t *testing.T) {
	p := newPool(t, pool.Options{Endpoints: weighted(1, 1, 1, 1, 1, 1, 1, 1)})
	for i := range 50 {
		req := backend.Request{Stream: true, Conversation: strconv.Itoa(i)}
		one, two := begin(t, p, req), begin(t, p, req)
		if one.Endpoint != two.Endpoint {
			t.Errorf("%d: %s and %s", i, one.Endpoint, two.Endpoint)
		}
		one.Body.Close()
		two.Body.Close()
	}
}

func TestConversationsGoOnWhereTheNextIs(t *testing.T) {
	ups := []*upstream{{}, {}, {}}
	p := newPool(t, pool.Options{Endpoints: team(ups...), Failures: 1000})
	req := backend.Request{Conversation: "c"}
	home, _ := ask(t, p, req)
	ups[home.Endpoint[0]-'a'].does(failsWith(dead))
	next, _ := ask(t, p, req)
	for range 10 {
		if again, err := ask(t, p, req); err != nil || again.Endpoint != next.Endpoint || again.Attempts != 2 {
			t.Errorf("%+v, %v, want %s", again, err, next.Endpoint)
		}
	}
}
