// Package problem holds the one kind of error that a user reads.
//
// A Problem says what happened, where, why, and what to do next, one sentence each, lower-case start, no final stop. Errors of
// other types are bugs or are wrapped into a Problem at the edge where the facts are known.
package problem

import (
	"errors"
	"io/fs"
	"strings"
)

// Problem is an error made for its reader. Next is never empty.
type Problem struct {
	What  string // what happened: "cannot read the manifests"
	Where string // file:line, object, field path or command; may be empty
	Why   string // cause or evidence; may be empty
	Next  string // the command to run or the edit to make
	Exit  int    // exit code; 0 means 2, usage
	Err   error  // the error below, for errors.Is; may be nil
}

// Exit codes of the program. Codes from 10 on belong to single verbs and are documented there; of verbs that ask a cluster 10 means that
// it could not be asked.
const (
	ExitGood       = 0 // nothing to report
	ExitFindings   = 1 // findings or conflicts
	ExitUsage      = 2 // the command line or a configuration file is wrong
	ExitIncomplete = 3 // part of the input could not be read or judged
)

func (p *Problem) Error() string {
	var b strings.Builder
	if p.Where != "" {
		b.WriteString(p.Where + ": ")
	}
	b.WriteString(p.What)
	if p.Why != "" {
		b.WriteString(": " + p.Why)
	}
	return b.String()
}

func (p *Problem) Unwrap() error { return p.Err }

// ExitCode returns the exit code that err asks for: 0 for nil, a Problem's own, and 2 for everything else.
func ExitCode(err error) int {
	if err == nil {
		return ExitGood
	}
	if p, ok := errors.AsType[*Problem](err); ok && p.Exit != 0 {
		return p.Exit
	}
	return ExitUsage
}

// Plain is the text of an error of the file system without the operation and the path, for where the path is said already.
func Plain(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return err.Error()
}
