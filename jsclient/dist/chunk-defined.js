function d(e){return Object.fromEntries(Object.entries(e).filter(([,n])=>n!==void 0))}export{d as a};
