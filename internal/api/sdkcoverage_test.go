package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// sdkCalls counts how the tests of this package call operations: with an answer
// that is looked at, and with one that is refused by the next statement.
type sdkCalls struct{ answered, refused map[string]int }

func readSDKCalls(t *testing.T) sdkCalls {
	t.Helper()
	calls := sdkCalls{map[string]int{}, map[string]int{}}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		imports := slices.ContainsFunc(tree.Imports, func(i *ast.ImportSpec) bool { return strings.Contains(i.Path.Value, "oci-go-sdk") })
		if !imports {
			continue
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			var list []ast.Stmt
			switch n := n.(type) {
			case *ast.BlockStmt:
				list = n.List
			case *ast.CaseClause:
				list = n.Body
			}
			for i, s := range list {
				refused := i+1 < len(list) && callee(list[i+1]) == "refused"
				for _, name := range operationsIn(s) {
					if refused {
						calls.refused[name]++
					} else {
						calls.answered[name]++
					}
				}
			}
			return true
		})
	}
	return calls
}

// callee names the function that a statement calls and does no more.
func callee(s ast.Stmt) string {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return ""
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return ""
	}
	if f, ok := call.Fun.(*ast.Ident); ok {
		return f.Name
	}
	return ""
}

// operationsIn names the methods that a statement calls, but for those in its
// blocks, which are statements of their own.
func operationsIn(s ast.Stmt) (names []string) {
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			return false
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok {
				names = append(names, f.Sel.Name)
			}
		}
		return true
	})
	return names
}

// Each operation of tier 1, and each other one that is served for clients, is
// called by a test through the official client, with its answer and refused.
func TestEveryOperationIsCalledBySDK(t *testing.T) {
	served := map[string]bool{}
	for _, op := range operations() {
		served[op.Method+" "+op.Pattern] = true
	}
	calls := readSDKCalls(t)
	missing := map[string]string{}
	for _, op := range oracleTable(t) {
		if op.tier != "1" || !served[op.method+" "+op.pattern] {
			continue
		}
		switch {
		case calls.answered[op.name] == 0:
			missing[op.name] = "no test of its answer"
		case calls.refused[op.name] == 0:
			missing[op.name] = "no test of a refusal"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s: %s", name, missing[name])
	}
}
