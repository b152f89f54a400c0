// Parts of the page whose code comes after the first picture.
import { lazy } from '../base/lazy'

export const PlaceCard = lazy(() => import('../screens/place'))
export const Admit = lazy(() => import('./admit'))
