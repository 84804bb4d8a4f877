package policy_test

import "github.com/edgewise-ai/edgewise/policy"

func taskCases() []testCase {
	task := func(name string) policy.Input { return asks(policy.Request{PromptLength: 40, Task: name}) }
	free := goes(browser, policy.OptimalForBrowser)
	suits := goes(browser, policy.TaskPrefersBrowser)

	rows := []row{
		{"none", task(""), free},
		{"a hard one", task("code"), free},
		{"spelt otherwise", task("Classification"), free},
		{"the model that names it comes before a larger one", task("classification"), suits.with("phone-350m")},
	}
	for _, name := range policy.DefaultTasks() {
		rows = append(rows, row{name, task(name), suits})
	}
	cases := both("task", policy.Task{}, rows...)
	return append(cases, both("task of the app's own", policy.Task{Tasks: []string{"code", "poetry"}},
		row{"the first", task("code"), suits},
		row{"the last", task("poetry"), suits},
		row{"a default that it does not name", task("classification"), free},
	)...)
}
