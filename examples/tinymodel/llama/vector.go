package llama

import "math"

// matVec sets out to the product of a matrix, row after row in w, and x. Nearly all time is spent here. Four rows at a
// time share each load of x and keep the processor's adders busy, which one running sum would not.
func matVec(out, w, x []float32) {
	n := len(x)
	r := 0
	for ; r+4 <= len(out); r += 4 {
		// Slices as long as x let the compiler see that no index below can be out of range.
		w0, w1, w2, w3 := w[r*n:][:n], w[(r+1)*n:][:n], w[(r+2)*n:][:n], w[(r+3)*n:][:n]
		var s0, s1, s2, s3 float32
		for i, v := range x {
			s0 += w0[i] * v
			s1 += w1[i] * v
			s2 += w2[i] * v
			s3 += w3[i] * v
		}
		out[r], out[r+1], out[r+2], out[r+3] = s0, s1, s2, s3
	}
	for ; r < len(out); r++ {
		out[r] = dot(w[r*n:][:n], x)
	}
}

// dot returns the sum of the products of a and b, which have the same length.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	b = b[:len(a)]
	for i, v := range a {
		s0 += v * b[i]
	}
	return s0 + s1 + s2 + s3
}

// addScaled adds scale·x to out.
func addScaled(out []float32, scale float32, x []float32) {
	x = x[:len(out)]
	for i := range out {
		out[i] += scale * x[i]
	}
}

// rmsNorm sets out to x, scaled to a root mean square of 1 and then by weight.
func rmsNorm(out, x, weight []float32, epsilon float32) {
	var sum float32
	for _, v := range x {
		sum += v * v
	}
	scale := float32(1 / math.Sqrt(float64(sum/float32(len(x))+epsilon)))
	weight, out = weight[:len(x)], out[:len(x)]
	for i, v := range x {
		out[i] = weight[i] * (v * scale)
	}
}

// softmax turns logits into probabilities in place. The largest is taken off first: it cancels out, and no exponential
// overflows.
func softmax(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float32
	for i, v := range x {
		e := float32(math.Exp(float64(v - top)))
		x[i] = e
		sum += e
	}
	for i := range x {
		x[i] /= sum
	}
}
