package main

import (
	"os/exec"
	"strings"
	"testing"
)

// A machine without Node.js is told what was not tried and how to try it; where CI
// says that everything is to be tried, that is a failure.
func TestTypeScriptSDKWithoutNode(t *testing.T) {
	for env, want := range map[string]int{"CI=": 0, "CI=true": 1} {
		cmd := exec.Command("/bin/bash", "../../scripts/ts-sdk.sh")
		cmd.Env = []string{"PATH=" + t.TempDir(), env}
		text, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Skip("this machine has no bash: ", err)
		}
		if got := cmd.ProcessState.ExitCode(); got != want || !strings.HasPrefix(string(text), "skipped: ") || !strings.Contains(string(text), "install Node.js") {
			t.Errorf("%s: exits with %d\n%s", env, got, text)
		}
	}
}
