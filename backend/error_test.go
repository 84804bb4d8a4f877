package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgewise-ai/edgewise/backend"
)

func TestParseError(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
		want       backend.Error
	}{
		{"OpenAI's", `{"error":{"message":"bad","type":"invalid_request_error","param":"top_p","code":null}}`, 400, backend.Error{Code: backend.CodeInvalidRequest, Message: "bad", Param: "top_p", Body: json.RawMessage(`{"message":"bad","type":"invalid_request_error","param":"top_p","code":null}`)}},
		{"code is a number", `{"error":{"message":"The model x does not exist","code":404}}`, 404, backend.Error{Code: backend.CodeModelNotFound, Message: "The model x does not exist", Body: json.RawMessage(`{"message":"The model x does not exist","code":404}`)}},
		{"messages in a list", `{"error":{"message":["a","b"]}}`, 422, backend.Error{Code: backend.CodeInvalidRequest, Message: "a, b", Body: json.RawMessage(`{"message":["a","b"]}`)}},
		{"a bare string", `{"error":"model \"x\" not found"}`, 404, backend.Error{Code: backend.CodeModelNotFound, Message: `model "x" not found`}},
		{"members at the top", `{"object":"error","message":"maximum context length is 10","code":400}`, 400, backend.Error{Code: backend.CodeContextLength, Message: "maximum context length is 10"}},
		{"FastAPI's", `{"detail":"no"}`, 400, backend.Error{Code: backend.CodeInvalidRequest, Message: "no"}},
		{"context by code", `{"error":{"message":"long","code":"context_length_exceeded"}}`, 400, backend.Error{Code: backend.CodeContextLength, Message: "long", Body: json.RawMessage(`{"message":"long","code":"context_length_exceeded"}`)}},
		{"rate", `{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`, 429, backend.Error{Code: backend.CodeRateLimited, Message: "slow down", Body: json.RawMessage(`{"message":"slow down","code":"rate_limit_exceeded"}`)}},
		{"quota", `{"error":{"message":"pay","code":"insufficient_quota"}}`, 429, backend.Error{Code: backend.CodeQuotaExceeded, Message: "pay", Body: json.RawMessage(`{"message":"pay","code":"insufficient_quota"}`)}},
		{"auth hides its text", `{"error":{"message":"Incorrect API key provided: sk-1"}}`, 401, backend.Error{Code: backend.CodeUpstreamAuth}},
		{"forbidden", ``, 403, backend.Error{Code: backend.CodeUpstreamAuth}},
		{"server's own words", `{"error":{"message":"/srv/app.py line 7","x":[1]}}`, 500, backend.Error{Code: backend.CodeUnavailable, Body: json.RawMessage(`{"message":"/srv/app.py line 7","x":[1]}`)}},
		{"server hides other text", `{"detail":"/srv/app.py line 7"}`, 500, backend.Error{Code: backend.CodeUnavailable}},
		{"a status in a stream", `{"error":{"message":"slow down","code":429}}`, 0, backend.Error{Code: backend.CodeRateLimited, Message: "slow down", Body: json.RawMessage(`{"message":"slow down","code":429}`)}},
		{"auth by status in a stream", `{"error":{"message":"No auth credentials found","code":"401"}}`, 0, backend.Error{Code: backend.CodeUpstreamAuth}},
		{"auth in a stream", `{"error":{"message":"Incorrect API key provided: sk-1","code":"invalid_api_key"}}`, 0, backend.Error{Code: backend.CodeUpstreamAuth}},
		{"gateway timeout", `<html>`, 504, backend.Error{Code: backend.CodeTimeout}},
		{"wrong path", `404 page not found`, 404, backend.Error{Code: backend.CodeBadResponse}},
		{"redirect", ``, 302, backend.Error{Code: backend.CodeBadResponse}},
		{"in a stream", `{"error":{"message":"it broke","type":"server_error"}}`, 0, backend.Error{Code: backend.CodeUnavailable, Body: json.RawMessage(`{"message":"it broke","type":"server_error"}`)}},
		{"in a stream, the client's fault", `{"error":{"message":"no","type":"invalid_request_error"}}`, 0, backend.Error{Code: backend.CodeInvalidRequest, Message: "no", Body: json.RawMessage(`{"message":"no","type":"invalid_request_error"}`)}},
		{"an error about nothing", `{"error":7}`, 400, backend.Error{Code: backend.CodeInvalidRequest}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := backend.ParseError(test.status, []byte(test.body))
			test.want.Status = test.status
			if diff := cmp.Diff(test.want, *got, cmpopts.IgnoreFields(backend.Error{}, "Err")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorIs(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("outer: %w", &backend.Error{Code: backend.CodeTimeout, Err: cause})
	if !errors.Is(err, backend.CodeTimeout) || errors.Is(err, backend.CodeCanceled) || !errors.Is(err, cause) {
		t.Errorf("%v matches the wrong codes, or not its cause", err)
	}
}

func TestErrorJSON(t *testing.T) {
	tests := []struct {
		err  backend.Error
		want string
	}{
		{backend.Error{Code: backend.CodeUnavailable, Err: errors.New("dial 10.0.0.7")}, `{"message":"the model server is unavailable","type":"server_error","code":"upstream_unavailable","param":null}`},
		{backend.Error{Code: backend.CodeInvalidRequest, Message: "no", Param: "top_p"}, `{"message":"no","type":"invalid_request_error","code":"invalid_request","param":"top_p"}`},
		{backend.Error{Code: backend.CodeRateLimited, Body: json.RawMessage(`{"x":1}`)}, `{"x":1}`},
		{backend.Error{Code: backend.CodeCanceled, Body: json.RawMessage(`{"x":`)}, `{"message":"the request was canceled","type":"server_error","code":"canceled","param":null}`},
		{backend.Error{Code: backend.CodeRateLimited, Type: "tokens"}, `{"message":"the model server is receiving too many requests","type":"tokens","code":"rate_limit_exceeded","param":null}`},
	}
	for _, test := range tests {
		got, err := json.Marshal(&test.err)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAsError(t *testing.T) {
	own := &backend.Error{Code: backend.CodeRateLimited}
	tests := []struct {
		err  error
		want backend.Code
	}{
		{fmt.Errorf("wrapped: %w", own), backend.CodeRateLimited},
		{context.Canceled, backend.CodeCanceled},
		{context.DeadlineExceeded, backend.CodeTimeout},
		{errors.New("other"), backend.CodeInternal},
	}
	for _, test := range tests {
		if got := backend.AsError(test.err, backend.CodeInternal); got.Code != test.want {
			t.Errorf("%v has code %s, want %s", test.err, got.Code, test.want)
		}
	}
	if got := backend.AsError(nil, backend.CodeInternal); got != nil {
		t.Errorf("nil became %v", got)
	}
}
