package otel_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

// What must not be found. The upstream's answer is always the same.
const (
	secretPrompt  = "zebra crossing"
	secretSubject = "subject-of-the-tests"
	secretPath    = "/path-of-the-tests"
	secretAnswer  = "quick brown fox"
)

// written is everything that telemetry and log say of requests with secrets in them,
// whatever became of them.
func written(t *testing.T, change func(*setup)) string {
	t.Helper()
	chat := `{"messages":[{"role":"user","content":"` + secretPrompt + `"}],"stream":%t}`
	quoting := func(at backendtest.Place) backendtest.Fault {
		return backendtest.ErrorEvent(at, "server_error", "server_error", "can't answer: "+secretPrompt)
	}
	r := open(t, change, backendtest.Fault{}, backendtest.Fault{}, quoting(backendtest.AfterEvents(0)), quoting(backendtest.AfterEvents(3)))
	for _, stream := range []bool{false, true, true, true} {
		r.do(secretSubject, http.MethodPost, "/chat/completions", fmt.Sprintf(chat, stream))
	}
	r.do(secretSubject, http.MethodPost, "/generate", `{"prompt":"`+secretPrompt+`","stream":true}`)
	r.do(secretSubject, http.MethodPost, "/generate", `{"prompt":"`+secretPrompt+`","privacy":"local-only"}`)
	r.do(secretSubject, http.MethodPost, "/generate", `{"prompt":"`+secretPrompt+`","model":"`+secretPrompt+`"}`)
	r.do(secretSubject, http.MethodPost, "/browser/route", `{"promptLength":"`+secretPrompt+`"}`)
	r.do(secretSubject, http.MethodGet, secretPath, "")
	return fmt.Sprintf("%+v\n%+v\n%s", r.ended(), r.collect(), r.log)
}

func TestTelemetryHoldsNoText(t *testing.T) {
	all := written(t, nil)
	for _, secret := range []string{secretPrompt, secretAnswer, secretSubject, secretPath} {
		if before, after, found := strings.Cut(all, secret); found {
			t.Errorf("%q is told: …%s[here]%s…", secret, before[max(0, len(before)-99):], after[:min(len(after), 99)])
		}
	}
	if strings.Contains(all, "enduser.pseudo.id") {
		t.Error("who asked is told")
	}
}

// The same requests with all that can be opted in to: it is what was looked for, and
// still no more than that.
func TestTelemetryHoldsWhatWasOptedInTo(t *testing.T) {
	all := written(t, func(s *setup) { s.telemetry.CaptureContent, s.telemetry.CaptureIdentity = true, true })
	for _, want := range []string{
		`[{"role":"user","parts":[{"type":"text","content":"` + secretPrompt + `"}]}]`,
		"enduser.pseudo.id",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not told", want)
		}
	}
	for _, secret := range []string{secretAnswer, secretSubject, secretPath} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is told", secret)
		}
	}
}
