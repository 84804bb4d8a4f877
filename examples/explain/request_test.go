package main

import (
	"strings"
	"testing"
)

func TestBadRequests(t *testing.T) {
	for body, want := range map[string]string{
		``:                        "line 1 is no valid JSON: unexpected end",
		"{\"promptLength\":5,\n}": "line 2 is no valid JSON: invalid character '}'",
		`{"promptLength":5} {}`:   "after top-level value",
		`[5]`:                     "the request is [5]: want an object",
		`null`:                    "promptLength is missing: the number of Unicode code points",
		`{}`:                      "promptLength is missing",
		`{"promptLength":null}`:   "promptLength is missing",
		`{"promptLength":"5"}`:    `promptLength is "5": want a whole number`,
		`{"promptLength":5.5}`:    "promptLength is 5.5: want a whole number",
		`{"promptLength":-1}`:     "promptLength is -1: want 0 to 2^53-1",
		`{"promptlength":5}`:      "promptlength is unknown: the request has capabilities, complexity, ",

		`{"promptLength":5,"prompt":"Why?"}`:                      `"prompt" holds text, which no decision sees`,
		`{"messages":[{"role":"user","content":"Why?"}]}`:         `"messages" holds text, which no decision sees`,
		`{"promptLength":5,"complexity":"hard"}`:                  "complexity must be auto, simple, medium or complex",
		`{"promptLength":5,"privacy":"high"}`:                     "privacy must be local-only or absent",
		`{"promptLength":5,"inToolLoop":"phone"}`:                 `inToolLoop: unknown target "phone": want browser, server`,
		`{"promptLength":5,"lastTarget":"none"}`:                  `lastTarget is "none": want browser or server`,
		`{"promptLength":5,"task":7}`:                             "task is 7: want a string",
		`{"promptLength":5,"features":{"codePoints":5,"code":1}}`: "features.code is unknown: features has cjk, codeFences, ",
		`{"promptLength":5,"features":{"digits":-1}}`:             "features.digits is -1: want 0 to 2^53-1",
		`{"promptLength":5,"needs":"tools"}`:                      `needs is "tools": want an object`,
		`{"promptLength":5,"needs":{"tools":1}}`:                  "needs.tools is 1: want true or false",

		`{"promptLength":5,"capabilities":{"hasWebGPU":"yes"}}`:                `capabilities.hasWebGPU is "yes": want true or false`,
		`{"promptLength":5,"capabilities":{"gpuTier":"best"}}`:                 `capabilities.gpuTier is "best": want none, low, medium or high`,
		`{"promptLength":5,"capabilities":{"deviceMemoryGB":"8"}}`:             `capabilities.deviceMemoryGB is "8": want a number`,
		`{"promptLength":5,"capabilities":{"deviceMemoryGB":8192}}`:            "is 8192, which the server would read as 4096",
		`{"promptLength":5,"capabilities":{"hardwareConcurrency":-4}}`:         "is -4, which the server would take as unknown",
		`{"promptLength":5,"capabilities":{"engines":"webllm"}}`:               `engines is "webllm": want an array of strings`,
		`{"promptLength":5,"state":{"mode":"sometimes"}}`:                      `state.mode is "sometimes": want auto, always or never`,
		`{"promptLength":5,"state":{"models":{"a":{"status":"eaten"}}}}`:       `state.models.a.status is "eaten": want absent, cached or loaded`,
		`{"promptLength":5,"state":{"models":{"a":{"stauts":"cached"}}}}`:      "state.models.a.stauts is unknown: state.models.a has failures, ",
		`{"promptLength":5,"state":{"battery":{"levelPermille":64000}}}`:       "is 64000, which the server would read as 1000",
		`{"promptLength":5,"state":{"battery":{"levelPermille":1e999}}}`:       "is 1e999, which the server would read as 1000",
		`{"promptLength":5,"capabilities":{"browserName":"` + long + `"}}`:     "which the server would read as",
		`{"promptLength":5,"capabilities":{"engines":["a","` + long + `"]}}`:   "which the server would read as",
		`{"promptLength":5,"capabilities":{"gpu":{"limits":{"maxBuffer":1}}}}`: "capabilities.gpu.limits.maxBuffer is unknown",
	} {
		_, err := decodeRequest([]byte(body))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
}

var long = strings.Repeat("x", 65)

// What a page measures has fractions, and what it doesn't know may be null or zero.
func TestGoodRequests(t *testing.T) {
	for _, body := range []string{
		`{"promptLength":0}`,
		`{"promptLength":5,"state":null,"maxTokens":null,"trace":true}`,
		`{"promptLength":5,"capabilities":{"estimatedAvailableRAMGB":3.7,"hasWebGPU":null,"gpuTier":"","engines":[]}}`,
		`{"promptLength":5,"state":{"models":{"a":{"loadMs":1834.6,"failures":0}},"battery":{"levelPermille":0}}}`,
		`{"promptLength":5,"inToolLoop":"browser","lastTarget":"server","needs":{"n":2}}`,
	} {
		if _, err := decodeRequest([]byte(body)); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}
