package docs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "copy the snippets into the documents")

const root = "../.."

const recipes = "jsclient/RECIPES.md"

// block matches a source comment and the fenced code that follows it.
var block = regexp.MustCompile("(?s)(<!-- from ([^ ]+) -->\n```[a-z]*\n)(.*?)(```\n)")

func TestSnippets(t *testing.T) {
	for _, name := range []string{"README.md", "jsclient/README.md", "jsclient/ENGINES.md", recipes} {
		file := filepath.Join(root, name)
		document, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := block.FindAllSubmatch(document, -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no snippet", name)
		}
		text := string(document)
		for _, b := range blocks {
			source, have := string(b[2]), string(b[3])
			want, err := snippet(source)
			if err != nil {
				t.Fatal(err)
			}
			if have == want {
				continue
			}
			if !*update {
				t.Errorf("%s: the snippet from %s has drifted: run go test ./internal/docs -update", name, source)
			}
			text = strings.Replace(text, string(b[0]), string(b[1])+want+string(b[4]), 1)
		}
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What stands in a recipe is tested: it has no code but snippets.
func TestRecipesAreSnippets(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(root, recipes))
	if err != nil {
		t.Fatal(err)
	}
	section := "the introduction"
	for line := range strings.Lines(block.ReplaceAllString(string(document), "")) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(title)
		}
		if fence := strings.TrimLeft(line, " \t>"); strings.HasPrefix(fence, "```") || strings.HasPrefix(fence, "~~~") {
			t.Errorf("%s, %s: a block without a source: put <!-- from path --> above it", recipes, section)
		}
	}
}

// snippet returns the marked part of a source file, without its common
// indentation.
func snippet(source string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, source))
	if err != nil {
		return "", err
	}
	var lines []string
	inside := false
	for line := range strings.Lines(string(data)) {
		switch {
		case strings.Contains(line, "snippet:begin"):
			inside = true
		case strings.Contains(line, "snippet:end"):
			inside = false
		case inside:
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "", fmt.Errorf("%s has no lines between snippet:begin and snippet:end", source)
	}
	indent := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " \t"))]
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimPrefix(line, indent))
	}
	return b.String(), nil
}

// A link to a file of this repository, or to a section of one, must lead somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
	documents, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"jsclient/README.md", "jsclient/ENGINES.md", "jsclient/PRIVACY.md", recipes} {
		documents = append(documents, filepath.Join(root, name))
	}
	for _, file := range documents {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := file
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(file), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: dead link %s", filepath.Base(file), m[1])
			} else if m[2] != "" && !anchors(t, target)[m[2]] {
				t.Errorf("%s: %s has no section %s", filepath.Base(file), filepath.Base(target), m[2])
			}
		}
	}
}

// anchors returns the links to a document's sections, as GitHub makes them of titles.
func anchors(t *testing.T, file string) map[string]bool {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllSubmatch(data, -1) {
		title := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(string(m[1])), "")
		found["#"+strings.ReplaceAll(title, " ", "-")] = true
	}
	return found
}
