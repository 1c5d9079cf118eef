// Package spell counts by how much two names differ, for suggestions of what was meant. How much is near enough depends on what the
// names are, and is for the callers to say.
package spell

// Distance counts the bytes to be put in, taken out or changed to make b of a (Levenshtein). It takes time in the product of the
// lengths.
func Distance(a, b string) int { return align(a, b, false) }

// Swapped is Distance with two neighbours that changed places counted once (optimal string alignment).
func Swapped(a, b string) int { return align(a, b, true) }

func align(a, b string, swaps bool) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if swaps && i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// Nearest returns the name that differs least from word, by at most most; the first of several, "" when there is none.
func Nearest(word string, names []string, most int) string {
	best, distance := "", most+1
	for _, name := range names {
		if d := Distance(word, name); d < distance {
			best, distance = name, d
		}
	}
	return best
}
