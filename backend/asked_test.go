package backend_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
)

func TestReadRequest(t *testing.T) {
	for _, test := range []struct {
		body string
		want backend.Asked
	}{
		{`{}`, backend.Asked{}},
		{`{"messages":[{"role":"system","content":"be brief"},{"content":"größer","role":"user"}],"stream":true}`, backend.Asked{Messages: 2, Chars: 14}},
		{`{"messages":[{"content":"a\n\u00e4\ud83d\ude00\ud800"}]}`, backend.Asked{Messages: 1, Chars: 5}},
		{`{"messages":[{"content":[{"type":"text","text":"abc"},{"type":"text","text":"de"}]}]}`, backend.Asked{Messages: 1, Chars: 5}},
		{`{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:"}},{"type":"text","text":"what?"}]}]}`, backend.Asked{Messages: 1, Chars: 5, Images: true}},
		{`{"messages":[{"content":null,"tool_calls":[{"function":{"name":"f"}}],"name":"x"},7,{"content":8},[]]}`, backend.Asked{Messages: 4, Rest: 30}},
		{`{"messages":[{"content":[{"type":"input_audio","input_audio":{"data":"AAAA"}},{"type":"file","file":{}},{"type":"refusal","refusal":"no"}]}]}`,
			backend.Asked{Messages: 1, Rest: 4}},
		{`{"messages":"hello"}`, backend.Asked{}},
		{`{"tools":[{}]}`, backend.Asked{Tools: true, Rest: 4}},
		{`{"functions":[{}],"tools":[]}`, backend.Asked{Tools: true, Rest: 4}},
		{`{"tools":[ ],"functions":null,"logprobs":false,"response_format":{"type":"text"}}`, backend.Asked{}},
		{`{"response_format":{"json_schema":{"type":"object"},"type":"json_schema"}}`, backend.Asked{JSONSchema: true, Rest: 54}},
		{`{"response_format":{"type":"json_object"}}`, backend.Asked{JSONSchema: true, Rest: 22}},
		{`{"logprobs":true}`, backend.Asked{Logprobs: true}},
		{`{"messages":[],"continue_final_message":true}`, backend.Asked{Continue: true}},
		{`{"continue_final_message":"true"}`, backend.Asked{}},
		// What one server overlooks another reads.
		{`{"Messages":[{"CONTENT":"ab"}],"messages":[{"content":"cd"}],"too\u006cs":[1]}`, backend.Asked{Messages: 2, Chars: 4, Tools: true, Rest: 3}},
		{`[]`, backend.Asked{}},
		{``, backend.Asked{}},
		{`{"messages":[{"content":"cut`, backend.Asked{Messages: 1}},
	} {
		if got := backend.ReadRequest([]byte(test.body)); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.body, got, test.want)
		}
	}
}

func TestReadRequestAllocatesNothing(t *testing.T) {
	body := []byte(`{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("long ", 1000) + `"}],"tools":[{}]}`)
	if n := testing.AllocsPerRun(100, func() { backend.ReadRequest(body) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte(`{"messages":[{"content":[{"type":"text","text":"a"}]}],"response_format":{"type":"json_object"},"tools":[1]}`))
	f.Add([]byte(`{"messages":[{"content":"\ud83d\ude00`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := backend.ReadRequest(body)
		if got.Chars < 0 || got.Chars > len(body) {
			t.Errorf("%d code points in %d bytes", got.Chars, len(body))
		}
		if !json.Valid(body) {
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(body, &object) != nil && got != (backend.Asked{}) {
			t.Errorf("%s is no object but asks for %+v", body, got)
		}
	})
}
