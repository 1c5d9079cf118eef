// Package report shows what a run found: to people in a terminal or a pull request, and to the programs they use.
//
// # Words
//
//	format   one way to show a [finding.Report]: text, JSON, SARIF, JUnit, GitHub workflow commands, Markdown
//	group    the findings of one workload in one folder; the unit in which people mend things
//	frame    the few lines of a file around a place, with the place underlined
//	folding  after three full showings of a rule, its further findings take one line each
//
// Every format writes the same bytes for the same report. Elapsed time and terminal width are the caller's to give; nothing here
// asks the clock or the terminal.
//
// # What comes from the input is never trusted
//
// Names, messages and lines of files can hold anything. [Clean] shows control and invisible characters by their escapes wherever a
// terminal or a log will read the output, and each format escapes what its own reader would take for syntax.
package report
