// Package limit bounds what one user, or all users of a tier together, take from
// the server: requests, tokens, money.
//
// A [Rate] is a token bucket, which refills evenly; a [Budget] is an amount of money
// for a calendar [Period]. Both become an [Account], a counter with the bound that
// holds for it, and a [Store] keeps the counters: [Memory] in this process, or one
// that replicas share. Such a store reads the [State] of each account, calls [TakeAll]
// or [Account.Settle], and writes what has become of them; limittest.Run is the
// conformance kit.
//
// What a request will take is known only once it is answered. So an estimate is
// taken before ([Store.Take]), all of it or nothing, and corrected after
// ([Store.Settle]), which never fails for want of anything: an account can come to
// owe. One that owes is refused until that is made good.
package limit
